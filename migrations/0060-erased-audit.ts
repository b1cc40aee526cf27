import type { Knex } from "knex";

/** As in 0036; a row whose words go says in which transaction, so that whoever verifies the audit finds why. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function erase_traces(of_organization uuid, subjects uuid[]) returns void
      language plpgsql volatile security definer set search_path = muster, pg_temp
    as $$
    begin
      if of_organization is distinct from current_setting('muster.organization')::uuid then
        raise exception 'another organization''s audit';
      end if;
      update audit a set detail = without_words(a.detail), erased_in = transaction_now()
        where a.organization = of_organization and a.subject = any (subjects) and a.detail <> without_words(a.detail);
      update outbox o set data = without_words(o.data)
        where o.organization = of_organization and o.subject = any (subjects);
    end $$;
  `);
}
