import { Button, Drawer, Group, List, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { call } from "../../api/call.ts";
import type { Merge, User } from "../../api/operations.gen.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { PersonPicker } from "../../parts/person-picker.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTrial } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { MergedFacts } from "./merged-facts.tsx";

/** Two accounts of one person become one: first what it comes to, then the merge, which can be undone for 30 days. */
export function MergePerson({ user, close }: { user: User; close: () => void }) {
  const { t } = useTexts();
  const act = useAct();
  const navigate = useNavigate();
  const [to, setTo] = useState<string | null>(null);
  const body = { from: user.id, to: to ?? "" };
  const found = useTrial("users.merge", { body }, { enabled: to !== null });
  const merge = async (): Promise<void> => {
    const done = await act("users.merge", { body }, t("user.didMerge", { name: user.userName }), () =>
      call("users.unmerge", { params: { id: user.id } }).then(() => navigate(`/users/${user.id}`)),
    );
    if (done) void navigate(`/users/${done.to}`);
  };
  return (
    <Drawer opened onClose={close} title={t("user.merge")} closeButtonProps={{ "aria-label": t("shared.close") }}>
      <Stack>
        <Text>{t("user.mergeMeans", { name: user.userName })}</Text>
        <PersonPicker label={t("user.mergeInto")} value={to} onChange={setTo} without={user.id} required />
        {found.problem && <ProblemNotice problem={found.problem} />}
        {found.trial && <WhatBecomes merge={found.trial.result} from={user.userName} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("shared.cancel")}
          </Button>
          <ActButton operation="users.merge" disabled={found.trial === undefined} onClick={() => void merge()}>
            {t("user.mergeDo")}
          </ActButton>
        </Group>
      </Stack>
    </Drawer>
  );
}

function WhatBecomes({ merge, from }: { merge: Merge; from: string }) {
  const { t } = useTexts();
  const role = (one: { role: string | null; allowed: boolean }) =>
    one.role === null ? t("shared.noAccess") : one.allowed ? one.role : t("shared.withoutAccess", { role: one.role });
  return (
    <Stack>
      <Title order={3}>{t("user.mergedFields")}</Title>
      <div className="table-part">
        <table className="table">
          <caption className="visually-hidden">{t("user.mergedFields")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("user.field")}</th>
              <th scope="col">{from}</th>
              <th scope="col">{t("user.other")}</th>
              <th scope="col">{t("user.result")}</th>
            </tr>
          </thead>
          <tbody>
            {merge.fields.map((one) => (
              <tr key={one.field}>
                <th scope="row">{one.field}</th>
                <td>{one.from ?? "–"}</td>
                <td>{one.to ?? "–"}</td>
                <td>{one.result ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <MergedFacts facts={merge.facts} />
      <Title order={3}>{t("user.accessAfter")}</Title>
      {merge.access.length === 0 ? (
        <Text c="dimmed">{t("shared.none")}</Text>
      ) : (
        <List size="sm">
          {merge.access.map((one) => (
            <List.Item key={`${one.site}/${one.product}`}>
              {one.site}/{one.product}: {role(one.before)} → {role(one.after)}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}
