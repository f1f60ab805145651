CREATE TABLE t (
    id INTEGER, address STRUCT(street VARCHAR, zip INTEGER), tags VARCHAR[],
    lines STRUCT(price DOUBLE, article INTEGER)[], scores MAP(VARCHAR, INTEGER), place FLOAT[2],
    loose JSON
);
INSERT INTO t VALUES
    (1, {street: 'High St', zip: 1}, ['a'], [{price: 1, article: 1}], map {'x': 10}, [0, 1],
     '{"a": 1}'),
    (2, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, {street: 'Low St', zip: 1}, ['a', 'a'], [], map {}, [1, 1], '{"a": 1, "b": 2}'),
    (4, {street: '', zip: 0}, [], [{price: 0, article: NULL}, {price: NULL, article: 1}],
     map {'X': 1, 'y': 11}, [0.6, 0.8], '{}'),
    (5, {street: NULL, zip: 2}, ['a', 'b', 'c'], [{price: 2, article: 3}, NULL], NULL, NULL, NULL);
CREATE TABLE good AS SELECT * REPLACE (coalesce(tags, ['a']) AS tags) FROM t WHERE id <= 2;
