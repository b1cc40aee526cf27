import { Skeleton, Tabs, Text } from "@mantine/core";
import { useApi } from "../../api/use-api.ts";
import { useAddressState } from "../../parts/address-state.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Side } from "../../parts/side.tsx";
import { useTexts } from "../../texts/texts.ts";
import { GroupAccess } from "./group-access.tsx";
import { GroupItself } from "./group-itself.tsx";
import { GroupMembers } from "./group-members.tsx";
import { NestedGroups } from "./nested-groups.tsx";

const TABS = ["access", "members", "nested", "itself"] as const;

/** One group: what it gives, who is in it, which groups are inside. */
export function GroupDrawer({ id }: { id: string }) {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const found = useApi("groups.get", { params: { id } }, { enabled: id !== "" });
  const group = found.data;
  const tab = TABS.find((one) => one === get("tab")) ?? "access";
  const close = (): void => {
    set({ open: null, tab: null });
  };
  return (
    <Side opened={id !== ""} onClose={close} title={group?.name ?? t("groups.group")}>
      {found.error && <ProblemNotice problem={found.error} />}
      {group === undefined ? (
        !found.error && <Skeleton height={240} />
      ) : (
        <>
          <Text c="dimmed">
            {group.directory === null ? t("groups.isLocal") : t("groups.isOf", { directory: group.directory })}
          </Text>
          <Tabs value={tab} onChange={(value) => set({ tab: value })} keepMounted={false}>
            <Tabs.List mb="md">
              {TABS.map((one) => (
                <Tabs.Tab key={one} value={one}>
                  {t(`groups.tab-${one}`)}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value="access">
              <GroupAccess id={group.id} />
            </Tabs.Panel>
            <Tabs.Panel value="members">
              <GroupMembers id={group.id} />
            </Tabs.Panel>
            <Tabs.Panel value="nested">
              <NestedGroups group={group} />
            </Tabs.Panel>
            <Tabs.Panel value="itself">
              <GroupItself key={group.id} group={group} onGone={close} />
            </Tabs.Panel>
          </Tabs>
        </>
      )}
    </Side>
  );
}
