import { Anchor, Group, Skeleton, Tabs, Text, Title } from "@mantine/core";
import { Link, useNavigate } from "react-router";
import { urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { StatusChip } from "../../parts/chip.tsx";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";
import { AccessTab } from "./access-tab.tsx";
import { ActivityTab } from "./activity-tab.tsx";
import { GroupsTab } from "./groups-tab.tsx";
import { InvitationsTab } from "./invitations-tab.tsx";
import { ProfileTab } from "./profile-tab.tsx";
import { SourceTab } from "./source-tab.tsx";
import { UserActions } from "./user-actions.tsx";
import { UserDialogs } from "./user-dialogs.tsx";

const TABS = ["profile", "access", "groups", "invitations", "activity", "source"] as const;
type Tab = (typeof TABS)[number];

/** One person: `/users/<id>/<tab>`. What is done to them is behind `?do=` in the address. */
export function UserScreen({ id, tab }: { id: string; tab: string }) {
  const { t, word } = useTexts();
  const navigate = useNavigate();
  const found = useApi("users.get", { params: { id } });
  const user = found.data;
  const current: Tab = TABS.find((one) => one === tab) ?? "profile";
  if (found.error?.document.mergedInto)
    return (
      <Text>
        {t("user.merged")}{" "}
        <Anchor component={Link} to={`/users/${found.error.document.mergedInto}`}>
          {t("user.mergedInto")}
        </Anchor>
      </Text>
    );
  if (found.error) return <ProblemNotice problem={found.error} onRetry={() => void found.refetch()} />;
  if (user === undefined) return <Skeleton height={320} />;
  return (
    <>
      <Anchor component={Link} to="/users" size="sm">
        {t("user.all")}
      </Anchor>
      <Group justify="space-between" mb="md" mt="xs" align="flex-start">
        <div>
          <Group gap="sm">
            <Title order={1}>{user.displayName ?? user.userName}</Title>
            <StatusChip status={user.status} />
          </Group>
          <Text c="dimmed">
            {[user.userName, word("users", user.kind), user.source && word("users", user.source)]
              .filter(Boolean)
              .join(" · ")}
          </Text>
        </div>
        <Group gap="sm">
          <UserActions user={user} />
          <CopyAs url={urlOf("users.get", { params: { id } })} command={`muster user show ${quoted(user.userName)}`} />
        </Group>
      </Group>
      <Tabs value={current} onChange={(next) => void navigate(`/users/${id}/${next ?? ""}`)} keepMounted={false}>
        <Tabs.List mb="md">
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`user.tab-${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="profile">
          <ProfileTab user={user} />
        </Tabs.Panel>
        <Tabs.Panel value="access">
          <AccessTab user={user} />
        </Tabs.Panel>
        <Tabs.Panel value="groups">
          <GroupsTab user={user} />
        </Tabs.Panel>
        <Tabs.Panel value="invitations">
          <InvitationsTab user={user} />
        </Tabs.Panel>
        <Tabs.Panel value="activity">
          <ActivityTab user={user} />
        </Tabs.Panel>
        <Tabs.Panel value="source">
          <SourceTab user={user} />
        </Tabs.Panel>
      </Tabs>
      <UserDialogs user={user} />
    </>
  );
}
