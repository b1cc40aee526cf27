import { Anchor, Group, Paper, Progress, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import type { SeatUse } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Per product what is used, what waits for an answer, and what there is. */
export function Seats() {
  const { t } = useTexts();
  const found = useApi("seats.list", { query: { limit: 200 } });
  if (found.error) return <ProblemNotice problem={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton height={120} />;
  if (found.data.data.length === 0) return <EmptyState text={t("overview.noProducts")} />;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }}>
      {found.data.data.map((use) => (
        <Paper key={`${use.site}/${use.product}`} withBorder p="md">
          <Stack gap="sm">
            <Group gap="xs">
              <Anchor
                component={Link}
                to={`/users?product=${encodeURIComponent(`${use.site}/${use.product}`)}`}
                fw={600}
              >
                {use.product}
              </Anchor>
              <Text c="dimmed">{use.site}</Text>
            </Group>
            <Use title={t("overview.seatsOf")} use={use.seats} label={`${use.site}/${use.product}`} />
            <Use title={t("overview.slotsOf")} use={use.guests} label={`${use.site}/${use.product}`} />
          </Stack>
        </Paper>
      ))}
    </SimpleGrid>
  );
}

function Use({ title, use, label }: { title: string; use: SeatUse["seats"]; label: string }) {
  const { t } = useTexts();
  const { used, pending, limit, enforcement } = use;
  const share = (n: number) => (limit === null || limit === 0 ? (n > 0 ? 100 : 0) : Math.min((n / limit) * 100, 100));
  const full = limit !== null && used + pending >= limit;
  return (
    <div>
      <Group justify="space-between">
        <Text>{title}</Text>
        <Text>
          {limit === null ? t("overview.usedFree", { used, pending }) : t("overview.used", { used, pending, limit })}
        </Text>
      </Group>
      {limit !== null && (
        <Progress.Root size="sm" my={4}>
          <Progress.Section
            value={share(used)}
            color={used > limit ? "red" : "accent"}
            aria-label={`${label}, ${title}`}
          />
          <Progress.Section value={share(pending)} color="gray" aria-label={t("overview.reserved")} />
        </Progress.Root>
      )}
      {full && <Text c="dimmed">{t(enforcement === "block" ? "overview.fullBlocks" : "overview.fullWarns")}</Text>}
    </div>
  );
}
