/**
 * The organization's lock, held until the end of the transaction. Whoever has to wait for it waits 20 s at most: a new
 * directory order of 100,000 people was seen to hold it for 15 s, and a waiting writer holds a connection that other
 * organizations need. The key is the last 64 bits of the organization's id, its random part.
 */
export const LOCK = `
  create function lock_organization(of_organization uuid, alone boolean) returns void
    language plpgsql volatile
  as $$
  declare
    key constant bigint := ('x' || translate(right(of_organization::text, 17), '-', ''))::bit(64)::bigint;
  begin
    -- Not granted either while somebody waits in front.
    if (case when alone then pg_try_advisory_xact_lock(key) else pg_try_advisory_xact_lock_shared(key) end) then
      return;
    end if;
    perform set_config('lock_timeout', '20s', true);
    if alone then perform pg_advisory_xact_lock(key);
    else perform pg_advisory_xact_lock_shared(key);
    end if;
    perform set_config('lock_timeout', '0', true);
  end $$;
`;
