{{ tokenised(ref('receipts'), ref('token_vault'), column='household_id', token='household_token') }}
