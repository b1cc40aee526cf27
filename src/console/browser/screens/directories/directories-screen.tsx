import { Skeleton, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useOpened } from "../../parts/address-state.ts";
import { CopyAs } from "../../parts/copy-as.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { AddDrawer } from "./add-drawer.tsx";
import { DirectoryDrawer } from "./directory-drawer.tsx";
import { DirectoryOrder } from "./directory-order.tsx";

/** Where people and groups come from, in order. */
export function DirectoriesScreen() {
  const { t } = useTexts();
  const found = useApi("directories.list", { query: { limit: 200 } });
  const target = useApi("directories.writeTarget", {});
  const adding = useOpened("add");
  const opened = useOpened();
  const directories = found.data?.data;
  return (
    <>
      <ScreenHead title={t("directories.title")}>
        <CopyAs url={urlOf("directories.list", {})} command="muster directory list" />
        <ActButton
          operation="directories.create"
          leftSection={<IconPlus size={18} />}
          onClick={() => adding.open("scim")}
        >
          {t("directories.add")}
        </ActButton>
      </ScreenHead>
      <Stack gap="md">
        <Text c="dimmed" maw={720}>
          {t("directories.intro")}
        </Text>
        {found.error ? (
          <ProblemNotice problem={found.error} onRetry={() => void found.refetch()} />
        ) : directories === undefined ? (
          <Skeleton height={240} />
        ) : (
          <DirectoryOrder directories={directories} onOpen={opened.open} />
        )}
        {target.data && (
          <Text>
            {target.data.directory === null
              ? (target.data.refusal?.message ?? t("directories.noTarget"))
              : t("directories.writeTarget", { name: target.data.directory })}
          </Text>
        )}
      </Stack>
      <AddDrawer kind={adding.opened} onClose={adding.close} onKind={adding.open} />
      <DirectoryDrawer
        directory={directories?.find(({ name, id }) => [name, id].includes(opened.opened))}
        others={directories ?? []}
      />
    </>
  );
}
