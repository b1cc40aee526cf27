import { Button, Menu, Text } from "@mantine/core";
import { IconChevronDown, IconMailForward } from "@tabler/icons-react";
import { call, type Operation } from "../../api/call.ts";
import type { User } from "../../api/operations.gen.ts";
import { ActButton, useWhyNot } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** What can be done to a person, as their state allows. What gives is done at once; what takes away shows first what it brings. */
export function UserActions({ user }: { user: User }) {
  const { t } = useTexts();
  const { set } = useAddressState();
  const act = useAct();
  const { id, userName, status } = user;
  const params = { id };
  const ask = (what: string) => () => set({ do: what });
  const said = { name: userName };
  const removed = user.records.length === 0;
  const restore = () =>
    void act("users.restore", { params }, t("user.restored", said), () => call("users.suspend", { params, body: {} }));
  const reactivate = () =>
    void act("users.reactivate", { params }, t("user.reactivated", said), () =>
      call("users.deactivate", { params, body: {} }),
    );
  return (
    <>
      {(status === "invited-not-sent" || status === "invited") && (
        <ActButton
          operation="users.resendInvite"
          leftSection={<IconMailForward size={18} />}
          onClick={() => void act("users.resendInvite", { params }, t("user.resent", { to: user.email ?? userName }))}
        >
          {t("users.resend-invite")}
        </ActButton>
      )}
      {status === "suspended" ? (
        <ActButton operation="users.restore" onClick={restore}>
          {t("users.restore")}
        </ActButton>
      ) : (
        !removed && (
          <ActButton operation="users.suspend" variant="default" onClick={ask("suspend")}>
            {t("users.suspend")}
          </ActButton>
        )
      )}
      {removed && (
        <ActButton
          operation="users.undoRemove"
          onClick={() => void act("users.undoRemove", { params }, t("user.broughtBack", said))}
        >
          {t("user.undoRemove")}
        </ActButton>
      )}
      <Menu position="bottom-end" width={320}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} />}>
            {t("users.more")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <ActItem operation="users.update" onClick={ask("edit")} label={t("user.edit")} />
          <ActItem operation="users.changeAddress" onClick={ask("change-address")} label={t("user.changeAddress")} />
          <ActItem operation="users.wrongAddress" onClick={ask("wrong-address")} label={t("user.wrongAddress")} />
          <ActItem operation="users.merge" onClick={ask("merge")} label={t("user.merge")} />
          <ActItem
            operation="users.tellUserName"
            onClick={() => void act("users.tellUserName", { params }, t("user.told", { to: user.email ?? userName }))}
            label={t("user.tell")}
          />
          <Menu.Divider />
          {status === "deactivated" && !removed ? (
            <ActItem operation="users.reactivate" onClick={reactivate} label={t("users.reactivate")} />
          ) : (
            <ActItem operation="users.deactivate" onClick={ask("deactivate")} label={t("users.deactivate")} />
          )}
          <ActItem operation="users.revokeAccess" onClick={ask("revoke-access")} label={t("users.revoke-access")} />
          <ActItem operation="users.offBoard" onClick={ask("off-board")} label={t("user.offBoard")} />
          <Menu.Divider />
          {!removed && <ActItem operation="users.remove" onClick={ask("remove")} label={t("users.remove")} />}
          <ActItem operation="users.erase" onClick={ask("erase")} label={t("user.erase")} />
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

/** A thing to do in a menu; who may not do it reads why beneath it. */
function ActItem({ operation, label, onClick }: { operation: Operation; label: string; onClick: () => void }) {
  const { t } = useTexts();
  const why = useWhyNot(operation);
  if (why === null) return <Menu.Item onClick={onClick}>{label}</Menu.Item>;
  return (
    <Menu.Item aria-disabled="true" closeMenuOnClick={false}>
      <Text c="dimmed">{label}</Text>
      <Text c="dimmed">{t("shared.whyNot", { why })}</Text>
    </Menu.Item>
  );
}
