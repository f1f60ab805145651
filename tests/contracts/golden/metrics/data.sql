CREATE TABLE t (a INTEGER, b VARCHAR);
INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, 'y'), (2, ''), (NULL, 'z'), (3, NULL), (4, 'N/A');
