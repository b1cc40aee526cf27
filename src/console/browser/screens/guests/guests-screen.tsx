import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { inFilter, useAddressState, useOpened } from "../../parts/address-state.ts";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { useTexts } from "../../texts/texts.ts";
import { GuestDrawer } from "./guest-drawer.tsx";
import { InviteGuests } from "./invite-guests.tsx";
import { Quotas } from "./quotas.tsx";
import { SlotChip } from "./slot-chip.tsx";

type Guest = Row<"guests.list">;

/** Days ahead in which a stay counts as ending. */
const SOON = 14;

/** Which guest has which space, until when, and what the quota says. */
export function GuestsScreen() {
  const { t, word } = useTexts();
  const { get } = useAddressState();
  const { opened, open, close } = useOpened();
  // To the day, so that the same address asks the same question.
  const soon = `${new Date(Date.now() + SOON * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;
  const today = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`;
  const shows: Readonly<Record<string, string>> = {
    ending: `expiresAt lt ${inFilter(soon)} and expiresAt ge ${inFilter(today)}`,
    ended: `expiresAt lt ${inFilter(today)}`,
    "no-sponsor": "not (sponsor pr)",
    "over-quota": "overQuota eq true",
    parked: "parked eq true",
  };
  const filter = [
    ...(shows[get("show")] === undefined ? [] : [shows[get("show")]]),
    ...(get("product") === "" ? [] : [`product eq ${inFilter(get("product"))}`]),
    ...(get("q") === "" ? [] : [`(userName co ${inFilter(get("q"))} or space co ${inFilter(get("q"))})`]),
  ].join(" and ");
  const query = {
    ...(filter !== "" && { filter }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("guests.list", { query }, { keep: true });
  const products = useApi("products.list", { query: { limit: 200 } });
  const withGuests = (products.data?.data ?? []).filter(({ hasGuests }) => hasGuests);
  const columns: Column<Guest>[] = [
    { id: "user", header: t("guests.user"), cell: ({ user }) => user.userName },
    { id: "space", header: t("guests.space"), cell: ({ product, space }) => `${product}/${space}` },
    { id: "permission", header: t("guests.permission"), cell: ({ permission }) => word("guests", permission) },
    { id: "ends", header: t("guests.ends"), cell: ({ expiresAt }) => <Instant at={expiresAt} /> },
    { id: "sponsor", header: t("guests.sponsor"), cell: ({ sponsor }) => sponsor?.userName ?? t("shared.nobody") },
    { id: "slot", header: t("guests.slot"), cell: (guest) => <SlotChip guest={guest} /> },
  ];
  return (
    <>
      <ScreenHead title={t("guests.title")}>
        <InviteGuests />
      </ScreenHead>
      <Quotas />
      <List
        caption={t("guests.title")}
        columns={columns}
        found={found}
        idOf={({ id }) => id}
        nameOf={({ user }) => user.userName}
        onOpen={({ id }) => open(id)}
        narrowed={["q", "show", "product"]}
        filters={
          <>
            <SearchField />
            <ChoiceFilter
              name="show"
              label={t("guests.show")}
              choices={Object.keys(shows).map((value) => ({ value, label: word("guests", `show-${value}`) }))}
            />
            <ChoiceFilter
              name="product"
              label={t("guests.product")}
              choices={[...new Map(withGuests.map(({ key, name }) => [key, name]))].map(([value, label]) => ({
                value,
                label,
              }))}
            />
          </>
        }
        tools={
          <CopyAs
            url={urlOf("guests.list", { query })}
            command={`muster guest list${filter === "" ? "" : ` --filter ${quoted(filter)}`}`}
          />
        }
        empty={
          <EmptyState text={t("guests.empty")}>
            <InviteGuests />
          </EmptyState>
        }
      />
      <GuestDrawer id={opened} onClose={close} />
    </>
  );
}
