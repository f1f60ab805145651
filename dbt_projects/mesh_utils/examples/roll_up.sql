{{ roll_up(ref('aggregate'), grain='week') }}
