# Generated from the contract urn:datacontract:shop.orders 1.0.0. What is changed here is lost.

connection: "analytics"
include: "shop_orders_v1.view.lkml"
include: "shop_orders_v1_board.view.lkml"
include: "shop_orders_v1_board.dashboard.lookml"

explore: shop_orders_v1 {
  label: "orders"
  description: "All about orders."
}

explore: shop_orders_v1_sold_each_day {
  label: "Sold each day"
  hidden: yes
}

explore: shop_orders_v1_in_short {
  label: "In short"
  hidden: yes
}
