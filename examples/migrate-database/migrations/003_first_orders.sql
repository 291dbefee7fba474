insert into orders (customer, cents, placed_on, region) values
  ('Ada', 1250, '2026-01-02', 'eu'),
  ('Grace', 9900, '2026-01-03', 'us'),
  ('Edsger', 400, '2026-01-03', 'eu');
