# Generated from the contract urn:datacontract:shop.orders 1.0.0. What is changed here is lost.

- dashboard: shop_orders_v1_board
  title: What was sold
  description: In cents. All of it.
  layout: newspaper
  preferred_viewer: dashboards-next
  filters:
  - name: Size
    title: Size
    type: field_filter
    model: shop_orders_v1
    explore: shop_orders_v1_sold_each_day
    field: shop_orders_v1_sold_each_day.size
    default_value: ''
    allow_multiple_values: true
    required: false
  elements:
  - name: shop_orders_v1_sold_each_day
    model: shop_orders_v1
    explore: shop_orders_v1_sold_each_day
    title: Sold each day
    type: looker_column
    fields:
    - shop_orders_v1_sold_each_day.day
    - shop_orders_v1_sold_each_day.size
    - shop_orders_v1_sold_each_day.total
    pivots:
    - shop_orders_v1_sold_each_day.size
    stacking: normal
    sorts:
    - shop_orders_v1_sold_each_day.day desc
    note_text: In cents, by "size". Bars of what was sold.
    note_display: above
    note_state: expanded
    listen:
      Size: shop_orders_v1_sold_each_day.size
    row: 0
    col: 0
    width: 24
    height: 8
  - name: shop_orders_v1_in_short
    model: shop_orders_v1
    explore: shop_orders_v1_in_short
    title: In short
    type: looker_grid
    fields:
    - shop_orders_v1_in_short.orders
    - shop_orders_v1_in_short.numbers
    sorts:
    - shop_orders_v1_in_short.orders
    listen: {}
    row: 8
    col: 0
    width: 24
    height: 8
