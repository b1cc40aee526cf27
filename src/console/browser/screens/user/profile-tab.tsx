import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { AddressChange, User } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Chip } from "../../parts/chip.tsx";
import { Instant } from "../../parts/instant.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Who somebody is, when they came, and whether their address is about to change. */
export function ProfileTab({ user }: { user: User }) {
  const { t, word } = useTexts();
  const changes = useApi("users.addressChanges", { params: { id: user.id } });
  const pending = changes.data?.data.find((change) => change.state === "pending");
  return (
    <Stack>
      {pending && <PendingAddress change={pending} />}
      <Facts
        facts={[
          [t("users.userName"), user.userName],
          [t("users.displayName"), user.displayName ?? "–"],
          [t("users.email"), user.email ?? "–"],
          [t("users.kind"), word("users", user.kind)],
          [t("users.source"), user.source === null ? "–" : word("users", user.source)],
          [t("users.firstAccess"), <Instant key="first" at={user.firstAccessAt} />],
          [t("users.lastAccess"), <Instant key="last" at={user.lastAccessAt} />],
          [t("users.invited"), <Instant key="invited" at={user.invitedAt} />],
          [t("users.came"), <Instant key="came" at={user.signedUpAt} />],
          [t("users.expires"), <Instant key="expires" at={user.expiresAt} none="–" />],
          ...user.sites.map(({ site, status }): [string, ReactNode] => [
            t("user.site", { site }),
            word("users", status),
          ]),
        ]}
      />
    </Stack>
  );
}

/** Names to the left, values to the right. */
function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function PendingAddress({ change }: { change: AddressChange }) {
  const { t } = useTexts();
  const act = useAct();
  const params = { id: change.user };
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <div>
          <Group gap="sm">
            <Title order={2} size="h3">
              {t("user.addressPending")}
            </Title>
            <Chip meaning="waiting" label={t("user.waitsForMailbox")} />
          </Group>
          <Text>{t("user.addressBecomes", { before: change.before ?? "–", after: change.email })}</Text>
          <Text c="dimmed">
            {t("user.linkEnds")} <Instant at={change.expiresAt} />
          </Text>
        </div>
        <Group gap="sm">
          <ActButton
            operation="users.resendAddressChange"
            variant="default"
            onClick={() =>
              void act("users.resendAddressChange", { params }, t("user.addressSent", { to: change.email }))
            }
          >
            {t("user.sendAgain")}
          </ActButton>
          <ActButton
            operation="users.cancelAddressChange"
            variant="default"
            onClick={() => void act("users.cancelAddressChange", { params }, t("user.addressCancelled"))}
          >
            {t("user.cancelChange")}
          </ActButton>
        </Group>
      </Group>
    </Paper>
  );
}
