import { Center, Loader } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "react-router";
import { session } from "../api/call.ts";
import { useApi } from "../api/use-api.ts";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { SetupScreen } from "../screens/setup/setup-screen.tsx";
import { SignInScreen } from "../screens/sign-in/sign-in-screen.tsx";
import { useTexts } from "../texts/texts.ts";
import { Frame } from "./frame.tsx";
import { ProveAnew } from "./prove-anew.tsx";
import { PersonProvider } from "./session.ts";

/** The console for whoever is signed in, else the way in. Where somebody was when the session ended stays in the address. */
export function SignedIn() {
  const { t } = useTexts();
  const { pathname } = useLocation();
  const queries = useQueryClient();
  const [ended, setEnded] = useState(false);
  const found = useApi("session.get", {}, { enabled: pathname !== "/setup" });
  const me = useApi("me.get", {}, { enabled: found.isSuccess });
  if (found.data) session.csrfToken = found.data.csrfToken;
  useEffect(() => {
    session.ended = () => {
      setEnded(true);
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session.get" });
      void queries.resetQueries({ queryKey: ["session.get"] });
    };
  }, [queries]);
  if (pathname === "/setup") return <SetupScreen />;
  if (found.error?.status === 401)
    return (
      <SignInScreen
        ended={ended}
        onSignedIn={() => {
          setEnded(false);
          void queries.resetQueries();
        }}
      />
    );
  const problem = found.error ?? me.error;
  if (problem) return <ProblemNotice problem={problem} onRetry={() => void queries.resetQueries()} />;
  if (!found.data || !me.data)
    return (
      <Center h="100dvh">
        <Loader aria-label={t("shared.loading")} />
      </Center>
    );
  return (
    <PersonProvider value={{ me: me.data, session: found.data }}>
      <Frame />
      <ProveAnew />
    </PersonProvider>
  );
}
