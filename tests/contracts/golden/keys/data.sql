CREATE SCHEMA catalog;
CREATE TABLE catalog.articles AS SELECT unnest([1, 2, NULL]) AS id;
CREATE TABLE customers AS SELECT unnest([7, 8]) AS id;
CREATE TABLE orders (
    order_id INTEGER, line INTEGER, ticket VARCHAR, article INTEGER, customer INTEGER,
    nowhere INTEGER
);
INSERT INTO orders VALUES
    (1, 1, 'a', 1, 7, 1), (1, 2, 'b', 2, 8, 1), (1, 2, 'b', 3, 9, 1), (2, 1, NULL, NULL, NULL, 1),
    (NULL, 1, NULL, 1, 7, 1);
CREATE TABLE returns (order_id INTEGER, line INTEGER, articles INTEGER[]);
INSERT INTO returns VALUES (1, 1, [1, 2]), (1, 3, [3, 3]), (9, NULL, []), (NULL, 1, NULL);
