import { SimpleGrid, Stack, Title } from "@mantine/core";
import { useApi } from "../../api/use-api.ts";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Charts } from "./charts.tsx";
import { Checklist } from "./checklist.tsx";
import { Seats } from "./seats.tsx";
import { Tile } from "./tile.tsx";

const DAY = 86_400_000;
/** Rows that a tile counts itself, because the list tells no total. */
const MOST = 200;

/** What an administrator looks at first: what waits for somebody, what is full, what is wrong. Each leads to the list behind it. */
export function OverviewScreen() {
  const { t } = useTexts();
  // To the day, so that it is one question as long as the screen stands.
  const soon = new Date(Math.ceil(Date.now() / DAY) * DAY + 14 * DAY).toISOString();
  const pending = useApi("invitations.list", { query: { filter: 'state eq "pending"', limit: MOST } });
  const mails = useApi("mails.list", {
    query: { filter: 'state eq "bounced" or state eq "failed" or state eq "suppressed"', limit: MOST },
  });
  const ending = useApi("guests.list", { query: { endsBefore: soon, limit: MOST } });
  const requests = useApi("requests.list", { query: { state: "open", limit: MOST } });
  const runs = useApi("runs.list", { query: { limit: 50 } });
  const latest = [...new Map((runs.data?.data ?? []).toReversed().map((run) => [run.directory.id, run])).values()];
  const unwell = latest.filter(({ state }) => state === "held" || state === "failed" || state === "partial");
  const week = Date.now() - 7 * DAY;
  const old = (pending.data?.data ?? []).filter(({ createdAt }) => new Date(createdAt).getTime() < week).length;
  return (
    <>
      <ScreenHead title={t("overview.title")} />
      <Stack gap="lg">
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 5 }}>
          <Tile
            title={t("overview.pending")}
            to="/invitations?state=pending"
            found={pending}
            note={t("overview.pendingOld", { n: old })}
          />
          <Tile title={t("overview.requests")} to="/requests?state=open" found={requests} waits />
          <Tile title={t("overview.ending")} to="/guests?show=ending" found={ending} />
          <Tile title={t("overview.mails")} to="/mail?state=failed" found={mails} bad />
          <Tile
            title={t("overview.sync")}
            to={unwell.some((run) => run.state === "held") ? "/runs?state=held" : "/runs"}
            found={{ ...runs, data: runs.data && { data: unwell, page: { next: null } } }}
            bad
            note={
              latest.length === 0 ? t("overview.noRuns") : t("overview.syncOf", { n: unwell.length, of: latest.length })
            }
          />
        </SimpleGrid>
        <Checklist />
        <section>
          <Title order={2} size="h3" mb="sm">
            {t("overview.seats")}
          </Title>
          <Seats />
        </section>
        <Charts />
      </Stack>
    </>
  );
}
