export const invitations = {
  title: "Einladungen",
};
