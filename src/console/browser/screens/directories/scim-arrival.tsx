import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck, IconCircleDashed } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Row } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { inFilter } from "../../parts/address-state.ts";
import { Instant } from "../../parts/instant.tsx";
import { useTexts } from "../../texts/texts.ts";

type Request = Row<"directories.scimRequests">;
const STEPS = ["first", "people", "groups", "members"] as const;

/** Waits for the identity provider: what has arrived of it, and what is still missing and how to send it. */
export function ScimArrival({ name }: { name: string }) {
  const { t } = useTexts();
  const waiting = { every: 2_000 } as const;
  const requests = useApi("directories.scimRequests", { params: { directory: name }, query: { limit: 100 } }, waiting);
  const people = useApi("users.list", { query: { filter: `directory eq ${inFilter(name)}`, limit: 1 } }, waiting);
  const groups = useApi("groups.list", { query: { directory: name, limit: 1 } }, waiting);
  const sent = requests.data?.data ?? [];
  const first = sent.at(-1);
  const refused = sent.find(({ status }) => status >= 400);
  const warned = sent.filter(({ warnings }) => warnings.length > 0).length;
  const has: Record<(typeof STEPS)[number], boolean> = {
    first: first !== undefined,
    people: (people.data?.data.length ?? 0) > 0,
    groups: (groups.data?.data.length ?? 0) > 0,
    members: sent.some(hasMembers),
  };
  const missing = STEPS.find((step) => !has[step]);
  return (
    <Stack gap="sm" role="region" aria-label={t("directories.arrival")}>
      <Title order={3}>{t("directories.arrival")}</Title>
      <Text role="status">
        {missing === undefined ? t("directories.allArrived") : t(`directories.waits-${missing}`)}
      </Text>
      {STEPS.map((step) => (
        <Group key={step} gap="sm" wrap="nowrap" align="flex-start">
          {has[step] ? (
            <IconCircleCheck size={20} color="var(--mantine-color-green-text)" aria-label={t("directories.arrived")} />
          ) : (
            <IconCircleDashed size={20} aria-label={t("directories.missing")} />
          )}
          <Stack gap={0}>
            <Text fw={600}>{t(`directories.arrival-${step}`)}</Text>
            {!has[step] && <Text c="dimmed">{t(`directories.how-${step}`)}</Text>}
            {step === "first" && first && (
              <Text c="dimmed">
                {first.method} {first.path} · {first.status} · {first.userAgent ?? t("shared.unknown")} ·{" "}
                <Instant at={first.at} />
              </Text>
            )}
          </Stack>
        </Group>
      ))}
      {refused && <Text>{t("directories.refused", { status: refused.status, detail: refused.detail ?? "" })}</Text>}
      {warned > 0 && <Text>{t("directories.warned", { n: warned })}</Text>}
      {first && (
        <Anchor component={Link} to={`/scim-requests?directory=${encodeURIComponent(name)}`}>
          {t("directories.allRequests")}
        </Anchor>
      )}
    </Stack>
  );
}

function hasMembers({ changes, path, status }: Request): boolean {
  return status < 300 && /\/Groups/i.test(path) && changes.some(({ added = 0 }) => added > 0);
}
