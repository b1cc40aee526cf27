export const users = {
  title: "Users",
  userName: "User name",
  email: "E-mail",
  status: "Status",
  firstAccess: "First access",
  empty: "Nobody is here yet. Invite somebody, or connect a directory.",
} as const;
