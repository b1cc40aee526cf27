import { Alert, Button, Group, List, Skeleton, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { type Answer, call } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { PersonPicker } from "../../parts/person-picker.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Who is in a group, and who put them there: the directory or an administrator. */
export function GroupMembers({ id }: { id: string }) {
  const { t, word } = useTexts();
  const act = useAct();
  const { get, set } = useAddressState();
  const [person, setPerson] = useState<string | null>(null);
  const [left, setLeft] = useState<Answer<"groups.removeMember">["remaining"]>([]);
  const cursor = get("members");
  const { data } = useApi(
    "groups.members",
    { params: { id }, query: { limit: 50, ...(cursor !== "" && { cursor }) } },
    { keep: true },
  );
  const add = async (): Promise<void> => {
    if (person === null) return;
    const asked = { params: { id }, body: { users: [person] } };
    await act("groups.addMembers", asked, t("groups.memberAdded"), () =>
      call("groups.removeMember", { params: { id, user: person } }),
    );
    setPerson(null);
  };
  const remove = async (user: string): Promise<void> => {
    const answer = await act("groups.removeMember", { params: { id, user } }, t("groups.memberRemoved"), () =>
      call("groups.addMembers", { params: { id }, body: { users: [user] } }),
    );
    setLeft(answer?.remaining ?? []);
  };
  return (
    <Stack gap="md">
      <Group align="flex-end" gap="sm">
        <PersonPicker label={t("groups.person")} value={person} onChange={setPerson} />
        <ActButton operation="groups.addMembers" disabled={person === null} onClick={() => void add()}>
          {t("groups.addMember")}
        </ActButton>
      </Group>
      {left.length > 0 && (
        <Alert color="blue" title={t("groups.remaining")}>
          <List size="sm">
            {left.map(({ user, product, role, directory, group }) => (
              <List.Item key={`${user.id} ${product} ${group}`}>
                {t("groups.remains", {
                  user: user.userName,
                  product,
                  role: word("status", role),
                  group: `${directory}/${group}`,
                })}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      {data === undefined ? (
        <Skeleton height={96} />
      ) : data.data.length === 0 ? (
        <Text c="dimmed">{t("groups.noMembers")}</Text>
      ) : (
        <PlainTable
          caption={t("groups.tab-members")}
          heads={[t("groups.person"), t("groups.putBy"), t("shared.actions")]}
        >
          {data.data.map(({ user, remote, local, counts }) => (
            <tr key={user.id}>
              <td>
                <Link to={`/users/${user.id}`} className="row-link">
                  {user.userName}
                </Link>
              </td>
              <td>
                {[remote && t("groups.byDirectory"), local && t("groups.byAdministrator"), !counts && t("groups.waits")]
                  .filter(Boolean)
                  .join(", ")}
              </td>
              <td>
                <ActButton operation="groups.removeMember" variant="default" onClick={() => void remove(user.id)}>
                  {t("groups.takeOut")}
                </ActButton>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {(cursor !== "" || data?.page.next) && (
        <Group gap="sm">
          <Button variant="default" disabled={cursor === ""} onClick={() => set({ members: null })}>
            {t("shared.first")}
          </Button>
          <Button
            variant="default"
            disabled={!data?.page.next}
            onClick={() => set({ members: data?.page.next ?? null })}
          >
            {t("shared.next")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
