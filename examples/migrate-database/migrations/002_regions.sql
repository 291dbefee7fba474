alter table orders add column region text not null default 'unknown';
create index orders_by_region on orders (region, placed_on);
