import { SimpleGrid, Stack, Text } from "@mantine/core";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { usePerson } from "../../shell/session.ts";
import { useTexts } from "../../texts/texts.ts";
import { ChangePassword } from "./change-password.tsx";
import { OwnSessions } from "./own-sessions.tsx";
import { SecondFactor } from "./second-factor.tsx";

/** One's own way in: password, second factor, and where one is signed in. */
export function MeScreen() {
  const { t, word } = useTexts();
  const { me, session } = usePerson();
  return (
    <>
      <ScreenHead title={t("me.title")} />
      <Text mb="md">
        {t("me.signedInAs", {
          name: me.user?.userName ?? t("signIn.breakGlass"),
          how: word("me", session.method),
          organization: me.organization.name,
        })}
      </Text>
      <Stack>
        {session.method !== "break-glass" && (
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <ChangePassword />
            <SecondFactor />
          </SimpleGrid>
        )}
        <OwnSessions />
      </Stack>
    </>
  );
}
