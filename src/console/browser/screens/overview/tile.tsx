import { Group, Paper, Skeleton, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconClockHour4, IconLock } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Problem } from "../../api/call.ts";
import { useTexts } from "../../texts/texts.ts";

type Counted = { data: { data: readonly unknown[]; page: { next: string | null } } | undefined; error: Problem | null };

/** A number that leads to the list of what it counts. @param waits somebody has to decide; @param bad it should be none. */
export function Tile({
  title,
  to,
  found,
  note,
  waits = false,
  bad = false,
}: {
  title: string;
  to: string;
  found: Counted;
  note?: string;
  waits?: boolean;
  bad?: boolean;
}) {
  const { t } = useTexts();
  const count = found.data?.data.length ?? 0;
  const more = found.data !== undefined && found.data.page.next !== null;
  const refused = found.error?.status === 403;
  const Icon = refused
    ? IconLock
    : count === 0
      ? IconCircleCheck
      : bad
        ? IconAlertTriangle
        : waits
          ? IconClockHour4
          : null;
  const colour = refused ? "gray" : count === 0 ? "green" : bad ? "red" : "blue";
  return (
    <Paper withBorder p="md" component={Link} to={to} className="tile">
      <Text c="dimmed">{title}</Text>
      {found.data === undefined && !found.error ? (
        <Skeleton height={28} w={48} my={4} />
      ) : (
        <Group gap="xs">
          <Text size="xl" fw={600}>
            {found.error ? "–" : `${count}${more ? "+" : ""}`}
          </Text>
          {Icon && <Icon size={20} color={`var(--mantine-color-${colour}-text)`} aria-hidden />}
        </Group>
      )}
      {found.error ? (
        <Text c="dimmed">{refused ? t("shared.notAllowed") : found.error.message}</Text>
      ) : (
        note !== undefined && <Text c="dimmed">{note}</Text>
      )}
    </Paper>
  );
}
