import { Card, SimpleGrid, Skeleton } from "@mantine/core";
import { urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { CopyAs } from "../../parts/copy-as.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { SignUpForm } from "./sign-up-form.tsx";
import { SignUpTester } from "./sign-up-tester.tsx";

/** Who may make an account for themselves, and with what. */
export function SignUpScreen() {
  const { t } = useTexts();
  const signUp = useApi("signUp.get", {});
  return (
    <>
      <ScreenHead title={t("signUp.title")}>
        <CopyAs url={urlOf("signUp.get", {})} command="muster sign-up show" />
      </ScreenHead>
      {signUp.error ? (
        <ProblemNotice problem={signUp.error} />
      ) : signUp.data === undefined ? (
        <Skeleton height={320} />
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
          <SignUpForm key={JSON.stringify(signUp.data)} signUp={signUp.data} />
          <Card withBorder>
            <SignUpTester />
          </Card>
        </SimpleGrid>
      )}
    </>
  );
}
