-- One row by its key. $1 = id, 1..10000.
SELECT id, name, price FROM bench.item WHERE id = $1
