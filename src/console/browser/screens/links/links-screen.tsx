import { IconLink } from "@tabler/icons-react";
import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Gives, LinkChip } from "./link-chip.tsx";
import { LinkDrawer } from "./link-drawer.tsx";
import { NewLink } from "./new-link.tsx";

type Link = Row<"links.list">;

/** Sign-up URLs that are passed on: what each gives, what it costs, how often it was used. */
export function LinksScreen() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const { opened, open, close } = useOpened();
  const query = get("cursor") === "" ? {} : { cursor: get("cursor") };
  const found = useApi("links.list", { query }, { keep: true });
  const columns: Column<Link>[] = [
    { id: "label", header: t("links.label"), cell: ({ label }) => label },
    { id: "state", header: t("links.state"), cell: ({ state }) => <LinkChip state={state} /> },
    { id: "gives", header: t("links.gives"), cell: (link) => <Gives link={link} /> },
    { id: "uses", header: t("links.uses"), cell: ({ uses, maxUses }) => `${uses}/${maxUses ?? "∞"}`, kind: "number" },
    { id: "expires", header: t("links.expires"), cell: ({ expiresAt }) => <Instant at={expiresAt} /> },
    {
      id: "bound",
      header: t("links.bound"),
      cell: ({ email, allowedDomains }) => email ?? (allowedDomains.join(", ") || t("links.anybody")),
    },
    { id: "created", header: t("links.created"), hidden: true, cell: ({ createdAt }) => <Instant at={createdAt} /> },
  ];
  const create = (
    <ActButton operation="links.create" leftSection={<IconLink size={18} />} onClick={() => set({ new: "link" })}>
      {t("links.create")}
    </ActButton>
  );
  return (
    <>
      <ScreenHead title={t("links.title")}>{create}</ScreenHead>
      <List
        caption={t("links.title")}
        columns={columns}
        found={found}
        idOf={({ id }) => id}
        nameOf={({ label }) => label}
        onOpen={({ id }) => open(id)}
        tools={<CopyAs url={urlOf("links.list", { query })} command="muster link list" />}
        empty={<EmptyState text={t("links.empty")}>{create}</EmptyState>}
      />
      <LinkDrawer id={opened} onClose={close} />
      <NewLink opened={get("new") === "link"} onClose={() => set({ new: null })} />
    </>
  );
}
