CREATE TABLE whole AS SELECT 1 AS "ID";
CREATE TABLE lacking AS SELECT 1 AS id, 2 AS more, 3 AS "Day";
CREATE TABLE open AS SELECT 1 AS id, 2 AS more, {a: 1, more: 2} AS inner;
CREATE TABLE closed_inside AS SELECT {a: 1, more: 2} AS inner;
