import { Button, Group, Text } from "@mantine/core";
import { IconMailForward } from "@tabler/icons-react";
import { Link } from "react-router";
import { type Row, urlOf } from "../../api/call.ts";
import { DELIVERIES, INVITATION_STATES } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { inFilter, useAddressState, useOpened } from "../../parts/address-state.ts";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { useTexts } from "../../texts/texts.ts";
import { InviteDrawer } from "../invite/invite-drawer.tsx";
import { DeliveryChip, InvitationChip, offersOf } from "./invitation-chips.tsx";
import { InvitationDrawer } from "./invitation-drawer.tsx";

type Invitation = Row<"invitations.list">;

/** Who was asked in, to what, and what became of it. */
export function InvitationsScreen() {
  const { t, word } = useTexts();
  const { get, set } = useAddressState();
  const { opened, open, close } = useOpened();
  const filter = [
    ...(get("state") === "" ? [] : [`state eq ${inFilter(get("state"))}`]),
    ...(get("delivery") === "" ? [] : [`delivery eq ${inFilter(get("delivery"))}`]),
    ...(get("q") === "" ? [] : [`email co ${inFilter(get("q"))}`]),
  ].join(" and ");
  const query = {
    ...(filter !== "" && { filter }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("invitations.list", { query }, { keep: true });
  const columns: Column<Invitation>[] = [
    { id: "email", header: t("invitations.email"), cell: ({ email }) => email },
    { id: "state", header: t("invitations.state"), cell: ({ state }) => <InvitationChip state={state} /> },
    { id: "delivery", header: t("invitations.delivery"), cell: ({ delivery }) => <DeliveryChip delivery={delivery} /> },
    { id: "offers", header: t("invitations.offers"), cell: (one) => offersOf(one) || t("shared.none") },
    {
      id: "sent",
      header: t("invitations.sent"),
      cell: ({ sentAt, sentCount }) => (
        <>
          <Instant at={sentAt} /> {sentCount > 1 && t("invitations.times", { n: sentCount })}
        </>
      ),
    },
    { id: "expires", header: t("invitations.expires"), cell: ({ expiresAt }) => <Instant at={expiresAt} /> },
    {
      id: "inviter",
      header: t("invitations.inviter"),
      hidden: true,
      cell: ({ inviter }) => inviter?.kind ?? t("shared.nobody"),
    },
    {
      id: "renewal",
      header: t("invitations.renewal"),
      hidden: true,
      cell: ({ renewalAskedAt }) => <Instant at={renewalAskedAt} />,
    },
    { id: "created", header: t("invitations.created"), hidden: true, cell: (one) => <Instant at={one.createdAt} /> },
  ];
  const choices = (words: readonly string[], prefix = "") =>
    words.map((value) => ({ value, label: word("invitations", `${prefix}${value}`) }));
  const invite = (
    <ActButton
      operation="invitations.create"
      leftSection={<IconMailForward size={18} />}
      onClick={() => set({ invite: "people" })}
    >
      {t("invitations.invite")}
    </ActButton>
  );
  return (
    <>
      <ScreenHead title={t("invitations.title")}>{invite}</ScreenHead>
      <Ways />
      <List
        caption={t("invitations.title")}
        columns={columns}
        found={found}
        idOf={({ id }) => id}
        nameOf={({ email }) => email}
        onOpen={({ id }) => open(id)}
        narrowed={["q", "state", "delivery"]}
        filters={
          <>
            <SearchField />
            <ChoiceFilter name="state" label={t("invitations.state")} choices={choices(INVITATION_STATES)} />
            <ChoiceFilter name="delivery" label={t("invitations.delivery")} choices={choices(DELIVERIES, "mail-")} />
          </>
        }
        tools={
          <CopyAs
            url={urlOf("invitations.list", { query })}
            command={`muster invite list${filter === "" ? "" : ` --filter ${quoted(filter)}`}`}
          />
        }
        empty={<EmptyState text={t("invitations.empty")}>{invite}</EmptyState>}
      />
      <InvitationDrawer id={opened} onClose={close} />
      <InviteDrawer />
    </>
  );
}

/** The ways in that are not inviting by address, told apart by name (R178). */
function Ways() {
  const { t } = useTexts();
  return (
    <Group component="nav" gap="sm" mb="md" aria-label={t("invitations.ways")}>
      <Text c="dimmed">{t("invitations.ways")}</Text>
      {(
        [
          ["/users", t("invitations.addUsers")],
          ["/links", t("links.title")],
          ["/requests", t("requests.title")],
          ["/sign-up", t("invitations.signUp")],
        ] as const
      ).map(([to, label]) => (
        <Button key={to} component={Link} to={to} variant="default" size="compact-sm">
          {label}
        </Button>
      ))}
    </Group>
  );
}
