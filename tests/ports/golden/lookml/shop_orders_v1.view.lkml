# Generated from the contract urn:datacontract:shop.orders 1.0.0. What is changed here is lost.

view: shop_orders_v1 {
  sql_table_name: "shop"."orders_v1" ;;

  dimension: order_id {
    description: "The order's number."
    hidden: yes
    primary_key: yes
    type: number
    sql: ${TABLE}."order_id" ;;
  }

  dimension: cents {
    description: "What was paid."
    type: number
    sql: ${TABLE}."cents" ;;
  }

  dimension_group: day {
    description: "When it was made."
    type: time
    timeframes: [
      raw,
      date,
      week,
      month,
      quarter,
      year,
    ]
    convert_tz: no
    datatype: date
    sql: ${TABLE}."day" ;;
  }

  measure: count {
    type: count
  }

  measure: revenue {
    label: "Revenue"
    description: "All that was paid."
    type: sum
    sql: ${TABLE}."cents" ;;
  }

  measure: a_day {
    type: number
    sql: CAST(SUM(${TABLE}."cents") AS DOUBLE PRECISION) / COUNT(DISTINCT ${TABLE}."day") ;;
  }
}
