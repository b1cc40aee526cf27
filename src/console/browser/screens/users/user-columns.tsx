import { Badge, Group, Text } from "@mantine/core";
import type { Row } from "../../api/call.ts";
import { Chip, StatusChip } from "../../parts/chip.tsx";
import { Instant } from "../../parts/instant.tsx";
import type { Column } from "../../parts/list.tsx";
import { type Texts, useTexts } from "../../texts/texts.ts";

type User = Row<"users.list">;

/** Products that a row shows; the rest is a number. */
const SHOWN = 3;

/** The columns of the list of people; the rarely read ones only when asked for. */
export function userColumns({ t, word }: Texts): Column<User>[] {
  return [
    { id: "userName", header: t("users.userName"), sort: "userName", cell: (user) => <Named user={user} /> },
    { id: "status", header: t("users.status"), cell: (user) => <StatusChip status={user.status} /> },
    { id: "kind", header: t("users.kind"), kind: "narrow", cell: (user) => word("users", user.kind) },
    { id: "products", header: t("users.products"), cell: (user) => <Products user={user} /> },
    {
      id: "lastAccessAt",
      header: t("users.lastAccess"),
      kind: "narrow",
      cell: (user) => <Instant at={user.lastAccessAt} />,
    },
    {
      id: "expiresAt",
      header: t("users.expires"),
      kind: "narrow",
      cell: (user) => <Instant at={user.expiresAt} none="–" />,
    },
    {
      id: "source",
      header: t("users.source"),
      kind: "narrow",
      cell: (user) => (user.source === null ? "–" : word("users", user.source)),
    },
    { id: "email", header: t("users.email"), hidden: true, cell: (user) => user.email ?? "–" },
    {
      id: "firstAccessAt",
      header: t("users.firstAccess"),
      hidden: true,
      cell: (user) => <Instant at={user.firstAccessAt} />,
    },
    { id: "invitedAt", header: t("users.invited"), hidden: true, cell: (user) => <Instant at={user.invitedAt} /> },
    { id: "signedUpAt", header: t("users.came"), hidden: true, cell: (user) => <Instant at={user.signedUpAt} /> },
    {
      id: "directories",
      header: t("users.directories"),
      hidden: true,
      cell: (user) => user.records.map((record) => record.directory).join(", "),
    },
    {
      id: "externalId",
      header: t("users.externalId"),
      hidden: true,
      cell: (user) => user.records.flatMap((record) => record.externalId ?? []).join(", ") || "–",
    },
    {
      id: "sites",
      header: t("users.sites"),
      hidden: true,
      cell: (user) => user.sites.map((one) => `${one.site}: ${word("users", one.status)}`).join(", "),
    },
  ];
}

function Named({ user }: { user: User }) {
  const also = [user.displayName, user.email].filter((text) => text !== null && text !== user.userName);
  return (
    <>
      {user.userName}
      {also.length > 0 && (
        <Text component="span" display="block" c="dimmed">
          {also.join(" · ")}
        </Text>
      )}
    </>
  );
}

function Products({ user }: { user: User }) {
  const { t, word } = useTexts();
  const more = user.access.length - SHOWN;
  if (user.access.length === 0) return <Text c="dimmed">{t("shared.none")}</Text>;
  return (
    <Group gap={4}>
      {user.access.slice(0, SHOWN).map((one) => {
        const role = one.role === null ? t("shared.noAccess") : word("status", one.role);
        return one.allowed ? (
          <Badge key={`${one.site}/${one.product}`} variant="default" radius="sm" tt="none" fw={500} size="lg">
            {one.product} · {role}
          </Badge>
        ) : (
          <Chip
            key={`${one.site}/${one.product}`}
            meaning="bad"
            label={`${one.product} · ${role}`}
            means={t("users.notAllowed")}
          />
        );
      })}
      {more > 0 && <Text c="dimmed">{t("users.moreProducts", { n: more })}</Text>}
    </Group>
  );
}
