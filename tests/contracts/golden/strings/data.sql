CREATE TABLE t (
    id INTEGER, bounded VARCHAR, code VARCHAR, kind VARCHAR, uuid VARCHAR, email VARCHAR,
    uri VARCHAR, hostname VARCHAR, ipv4 VARCHAR, ipv6 VARCHAR, byte VARCHAR, "binary" BLOB,
    password VARCHAR, zip VARCHAR, lookahead VARCHAR
);
INSERT INTO t VALUES
    (1, 'ab', 'DE1', 'book', '0b5e3b52-6d4a-4b0e-8b1f-0a4f4c3c2b1a', 'a@b.example',
     'https://a.example/b', 'a.example', '10.0.0.1', '::1', 'YQ==', 'x', 'secret', '1', 'yes'),
    (2, 'äöüß', 'FR22', 'd''or', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 'a', 'de1', 'Book', '0b5e3b52', 'a@b', '//a', '-a', '10.0.0.256', '1::2::3', 'YQ', '', '',
     '', 'no'),
    (4, 'abcde', NULL, '', NULL, 'a b@c.d', 'x y:z', NULL, '1.2.3', NULL, NULL, NULL, NULL, NULL,
     NULL);
CREATE TABLE good AS SELECT * FROM t WHERE id <= 2;
