import { Drawer } from "@mantine/core";
import { call, type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useOpened } from "../../parts/address-state.ts";
import { Chip } from "../../parts/chip.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { WebhookDetail } from "./webhook-detail.tsx";
import { WebhookForm } from "./webhook-form.tsx";

/** Who is told of changes, and whether they listen. */
export function WebhooksScreen() {
  const { t } = useTexts();
  const act = useAct();
  const { opened, open, close } = useOpened();
  const found = useApi("webhooks.list", {}, { keep: true });
  const toggle = (webhook: Row<"webhooks.list">): void => {
    const asked = { params: { id: webhook.id } };
    if (webhook.state === "active")
      void act("webhooks.disable", { ...asked, body: { reason: t("webhooks.byHand") } }, t("webhooks.isDisabled"), () =>
        call("webhooks.enable", { ...asked, body: { missed: "send" } }),
      );
    else void act("webhooks.enable", { ...asked, body: { missed: "send" } }, t("webhooks.isEnabled"));
  };
  const columns: Column<Row<"webhooks.list">>[] = [
    { id: "name", header: t("webhooks.name"), cell: (webhook) => webhook.name },
    { id: "url", header: "URL", cell: (webhook) => webhook.url },
    {
      id: "kinds",
      header: t("webhooks.kinds"),
      cell: (webhook) => (webhook.kinds.length === 0 ? t("webhooks.all") : webhook.kinds.join(", ")),
    },
    {
      id: "state",
      header: t("webhooks.state"),
      cell: (webhook) => (
        <Chip
          meaning={webhook.state === "active" ? (webhook.pausedUntil ? "attention" : "good") : "bad"}
          label={t(`webhooks.${webhook.state}`)}
          {...(webhook.disabledReason && { means: webhook.disabledReason })}
        />
      ),
    },
    { id: "open", header: t("webhooks.open"), kind: "number", cell: (webhook) => webhook.open },
    {
      id: "actions",
      header: t("shared.actions"),
      kind: "narrow",
      cell: (webhook) => (
        <ActButton
          operation={webhook.state === "active" ? "webhooks.disable" : "webhooks.enable"}
          variant="subtle"
          onClick={() => toggle(webhook)}
        >
          {webhook.state === "active" ? t("webhooks.disable") : t("webhooks.enable")}
        </ActButton>
      ),
    },
  ];
  return (
    <>
      <ScreenHead title={t("webhooks.title")} />
      <List
        caption={t("webhooks.title")}
        columns={columns}
        found={found}
        idOf={(webhook) => webhook.id}
        nameOf={(webhook) => webhook.name}
        onOpen={(webhook) => open(webhook.id)}
        tools={
          <>
            <CopyAs url={urlOf("webhooks.list", {})} />
            <ActButton operation="webhooks.create" onClick={() => open("new")}>
              {t("webhooks.add")}
            </ActButton>
          </>
        }
        empty={<EmptyState text={t("webhooks.empty")} />}
      />
      <Drawer
        opened={opened !== ""}
        onClose={close}
        title={t(opened === "new" ? "webhooks.add" : "webhooks.deliveries")}
        closeButtonProps={{ "aria-label": t("shared.close") }}
      >
        {opened === "new" ? <WebhookForm /> : opened !== "" && <WebhookDetail id={opened} onGone={close} />}
      </Drawer>
    </>
  );
}
