import { Button, Drawer } from "@mantine/core";
import { useState } from "react";
import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { SecretOnce } from "../../parts/secret-once.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { TokenForm } from "./token-form.tsx";

/** Hours that a token goes on working beside the one that replaces it. */
const OVERLAP = 24;

export function Tokens() {
  const { t, word } = useTexts();
  const act = useAct();
  const { get } = useAddressState();
  const { opened, open, close } = useOpened("make");
  const [rotated, setRotated] = useState<string>();
  const [ending, setEnding] = useState<string>();
  const query = get("cursor") === "" ? {} : { cursor: get("cursor") };
  const found = useApi("tokens.list", { query }, { keep: true });
  const rotate = async (token: Row<"tokens.list">): Promise<void> => {
    const made = await act(
      "tokens.rotate",
      { params: { id: token.id }, body: { overlapHours: OVERLAP } },
      t("administrators.rotated", { hours: OVERLAP }),
    );
    if (made) setRotated(made.token);
  };
  const columns: Column<Row<"tokens.list">>[] = [
    { id: "name", header: t("administrators.name"), cell: (token) => token.name ?? token.directory ?? token.id },
    { id: "kind", header: t("administrators.kind"), cell: (token) => word("administrators", `${token.kind}Token`) },
    {
      id: "permissions",
      header: t("administrators.permissions"),
      cell: (token) => (token.permissions === null ? t("administrators.everything") : token.permissions.join(", ")),
    },
    { id: "owner", header: t("administrators.owner"), cell: (token) => token.owner?.userName ?? "–", hidden: true },
    { id: "lastUsedAt", header: t("administrators.lastUsed"), cell: (token) => <Instant at={token.lastUsedAt} /> },
    { id: "expiresAt", header: t("administrators.expires"), cell: (token) => <Instant at={token.expiresAt} /> },
    {
      id: "actions",
      header: t("shared.actions"),
      kind: "narrow",
      cell: (token) =>
        ending === token.id ? (
          <>
            <ActButton
              operation="tokens.revoke"
              color="red"
              onClick={() => void act("tokens.revoke", { params: { id: token.id } }, t("administrators.revoked"))}
            >
              {t("administrators.revokeNow")}
            </ActButton>
            <Button variant="subtle" onClick={() => setEnding(undefined)}>
              {t("shared.cancel")}
            </Button>
          </>
        ) : (
          <>
            <ActButton operation="tokens.rotate" variant="subtle" onClick={() => void rotate(token)}>
              {t("administrators.rotate")}
            </ActButton>
            <ActButton operation="tokens.revoke" variant="subtle" color="red" onClick={() => setEnding(token.id)}>
              {t("administrators.revoke")}
            </ActButton>
          </>
        ),
    },
  ];
  return (
    <>
      {rotated && <SecretOnce label={t("administrators.shownOnce")} secret={rotated} />}
      <List
        caption={t("administrators.tokens")}
        columns={columns}
        found={found}
        idOf={(token) => token.id}
        nameOf={(token) => token.name ?? token.id}
        tools={
          <>
            <CopyAs url={urlOf("tokens.list", { query })} command="muster token list" />
            <ActButton operation="tokens.create" onClick={() => open("new")}>
              {t("administrators.makeToken")}
            </ActButton>
          </>
        }
        empty={<EmptyState text={t("administrators.noTokens")} />}
      />
      <Drawer
        opened={opened !== ""}
        onClose={close}
        title={t("administrators.makeToken")}
        closeButtonProps={{ "aria-label": t("shared.close") }}
      >
        {opened !== "" && <TokenForm />}
      </Drawer>
    </>
  );
}
