/** Integration ids as they are shown: they are secret tokens. */

const MOST = 4

const masked = (integrationId) => {
  const characters = [...integrationId]
  return characters.length > MOST ? `${characters.slice(0, MOST).join('')}…` : integrationId
}

/** How an integration id is shown with these options. */
const shownId = (integrationId, { showIds }) => (showIds ? integrationId : masked(integrationId))

module.exports = { shownId }
