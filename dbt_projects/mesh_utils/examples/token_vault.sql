{{ token_vault(ref('receipts'), 'household_id') }}
