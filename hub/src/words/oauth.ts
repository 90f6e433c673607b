// OAuth applications.

export const oauth = {
  title: 'OAuth applications',
  about: 'Programs of others that act for you with your consent.',
  emptyTitle: 'No OAuth applications',
  empty:
    'This installation does not serve OAuth to its merchants yet. When it does, applications and what you allowed them are here.',
}
