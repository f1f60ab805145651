CREATE TABLE t (
    id INTEGER, bounded INTEGER, strictly DOUBLE, steps BIGINT, tenths DOUBLE, cents DECIMAL(9, 3),
    one_of INTEGER, small INTEGER, unsigned INTEGER, single DOUBLE, double DOUBLE
);
INSERT INTO t VALUES
    (1, 1, 0.1, 0, 0.3, 0.30, 1, 127, 65535, 1.5, 1e300),
    (2, 5, 1.4, -10, 1.1, -1, 2, -128, 0, 'Infinity', 'Infinity'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 0, 0, 3, 0.35, 0.305, 3, 128, -1, 1e39, 0),
    (5, 6, 1.5, 7, 0.3, -1.01, 0, -129, 65536, -1e39, 0),
    (6, 3, 'NaN', 5, 0.7, 1, 1, 0, 1, 1, 1);
CREATE TABLE good AS SELECT * FROM t WHERE id <= 3;
