import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

type Suppression = Row<"mailSuppressions.list">;

/** Addresses that get no mail, and why. */
export function Suppressions() {
  const { t } = useTexts();
  const act = useAct();
  const { get } = useAddressState();
  const query = get("cursor") === "" ? {} : { cursor: get("cursor") };
  const found = useApi("mailSuppressions.list", { query }, { keep: true });
  const columns: Column<Suppression>[] = [
    { id: "email", header: t("mail.to"), cell: ({ email }) => email },
    { id: "reason", header: t("mail.reason"), cell: ({ reason }) => t(`mail.reason-${reason}`) },
    { id: "reply", header: t("mail.reply"), cell: ({ reply }) => reply ?? "–" },
    { id: "since", header: t("mail.since"), cell: ({ since }) => <Instant at={since} /> },
    { id: "until", header: t("mail.until"), cell: ({ until }) => <Instant at={until} /> },
    {
      id: "lift",
      header: t("shared.actions"),
      kind: "narrow",
      cell: ({ email }) => (
        <ActButton
          operation="mailSuppressions.remove"
          variant="default"
          size="compact-sm"
          onClick={() => void act("mailSuppressions.remove", { body: { email } }, t("mail.unsuppressed", { email }))}
        >
          {t("mail.unsuppress")}
        </ActButton>
      ),
    },
  ];
  return (
    <List
      caption={t("mail.suppressedTab")}
      columns={columns}
      found={found}
      idOf={({ email }) => email}
      nameOf={({ email }) => email}
      tools={<CopyAs url={urlOf("mailSuppressions.list", { query })} command="muster mail suppressions" />}
      empty={<EmptyState text={t("mail.nobodySuppressed")} />}
    />
  );
}
