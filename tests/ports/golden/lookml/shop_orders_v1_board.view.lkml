# Generated from the contract urn:datacontract:shop.orders 1.0.0. What is changed here is lost.

view: shop_orders_v1_sold_each_day {
  derived_table: {
    sql: SELECT
  "orders"."day" AS "day",
  CASE WHEN "orders"."cents" > 20 THEN 'large' ELSE 'small' END AS "size",
  SUM("orders"."cents") AS "cents_usd"
FROM "shop"."orders_v1" AS "orders"
GROUP BY
  "orders"."day",
  CASE WHEN "orders"."cents" > 20 THEN 'large' ELSE 'small' END ;;
  }

  dimension: day {
    label: "Day"
    type: date
    convert_tz: no
    sql: ${TABLE}."day" ;;
  }

  dimension: size {
    label: "Size"
    type: string
    sql: ${TABLE}."size" ;;
  }

  dimension: cents_usd {
    label: "Cents (USD)"
    type: number
    sql: ${TABLE}."cents_usd" ;;
  }

  measure: total {
    label: "Cents (USD)"
    type: sum
    sql: ${TABLE}."cents_usd" ;;
  }
}

view: shop_orders_v1_in_short {
  derived_table: {
    sql: SELECT
  COUNT(*) AS "orders",
  COUNT(DISTINCT "orders"."order_id") AS "numbers"
FROM "shop"."orders_v1" AS "orders" ;;
  }

  dimension: orders {
    label: "Orders"
    type: number
    sql: ${TABLE}."orders" ;;
  }

  dimension: numbers {
    label: "Numbers"
    type: number
    sql: ${TABLE}."numbers" ;;
  }
}
