CREATE TABLE t (
    a_string VARCHAR, an_integer BIGINT, a_number DECIMAL(9, 2), a_boolean BOOLEAN, a_date DATE,
    a_timestamp TIMESTAMP, a_zoned TIMESTAMPTZ, a_time TIME, a_uuid UUID, an_array VARCHAR[],
    an_object STRUCT(a VARCHAR, b INTEGER), a_map MAP(VARCHAR, INTEGER), a_vector FLOAT[2]
);
INSERT INTO t VALUES (
    'abc', 1, 1.5, true, '2017-01-01', '2017-01-01', '2017-01-01', '12:00',
    '0b5e3b52-6d4a-4b0e-8b1f-0a4f4c3c2b1a', ['x'], {a: 'x', b: 1}, map {'k': 1}, [1, 0]
);
CREATE TABLE others (
    a_string VARCHAR, an_integer DOUBLE, a_number VARCHAR, a_boolean INTEGER, a_date TIMESTAMP,
    a_timestamp DATE, a_zoned TIMESTAMP, a_time VARCHAR, a_uuid INTEGER, an_array INTEGER[],
    an_object STRUCT(b BIGINT, c VARCHAR), a_map MAP(VARCHAR, VARCHAR), a_vector DOUBLE[]
);
INSERT INTO others (a_string, a_vector) VALUES ('abcd', [1]), ('ab', [1, 2]);
