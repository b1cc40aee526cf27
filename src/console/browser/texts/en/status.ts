export const status = {
  "invited-not-sent": "Invited – Invitation not sent",
  invited: "Invited",
  active: "Active",
  suspended: "Suspended",
  deactivated: "Deactivated",
  "invited-not-sentMeans":
    "The person came from a directory or was added without a mail. Resend invite sends the first one.",
  invitedMeans: "A mail is on its way or arrived; the person has not come yet.",
  activeMeans: "The person has used a product.",
  suspendedMeans: "An administrator has suspended the person: no access until restored.",
  deactivatedMeans: "The directory says that the person has left, or an administrator does: no access.",
  admin: "Admin",
  user: "User",
  guest: "Guest",
} as const;
