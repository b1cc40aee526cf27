import { Button, Group as Row } from "@mantine/core";
import { Link } from "react-router";
import { call, type Row as RowOf } from "../../api/call.ts";
import type { User } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { Chip } from "../../parts/chip.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** The groups that a person is in, and by whom: a directory, or an administrator. */
export function GroupsTab({ user }: { user: User }) {
  const { t } = useTexts();
  const { get } = useAddressState();
  const act = useAct();
  const query = { ...(get("cursor") !== "" && { cursor: get("cursor") }) };
  const found = useApi("users.groups", { params: { id: user.id }, query }, { keep: true });
  const leave = ({ id, name }: RowOf<"users.groups">): void =>
    void act(
      "groups.removeMember",
      { params: { id, user: user.id } },
      t("user.leftGroup", { name: user.userName, group: name }),
      () => call("groups.addMembers", { params: { id }, body: { users: [user.id] } }),
    );
  const columns: Column<RowOf<"users.groups">>[] = [
    {
      id: "name",
      header: t("users.group"),
      cell: (group) => <Link to={`/groups?open=${group.id}`}>{group.name}</Link>,
    },
    { id: "directory", header: t("users.directory"), cell: (group) => group.directory ?? t("user.localGroup") },
    {
      id: "by",
      header: t("user.memberBy"),
      cell: (group) =>
        [...(group.remote ? [t("user.byDirectory")] : []), ...(group.local ? [t("user.byAdministrator")] : [])].join(
          ", ",
        ),
    },
    {
      id: "counts",
      header: t("user.countsHead"),
      cell: (group) =>
        group.counts ? (
          <Chip meaning="good" label={t("user.counts")} />
        ) : (
          <Chip meaning="bad" label={t("user.countsNot")} />
        ),
    },
    {
      id: "actions",
      header: t("shared.actions"),
      kind: "narrow",
      cell: (group) =>
        group.local && (
          <Row gap="xs">
            <ActButton operation="groups.removeMember" variant="default" onClick={() => leave(group)}>
              {t("user.leaveGroup")}
            </ActButton>
          </Row>
        ),
    },
  ];
  return (
    <List
      caption={t("user.tab-groups")}
      columns={columns}
      found={found}
      idOf={(group) => group.id}
      nameOf={(group) => group.name}
      empty={
        <EmptyState text={t("user.noGroups")}>
          <Button component={Link} to="/groups" variant="default">
            {t("user.toGroups")}
          </Button>
        </EmptyState>
      }
    />
  );
}
