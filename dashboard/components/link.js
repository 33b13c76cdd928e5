// The address follows the question in place: an entry in the history per pause in typing would bury the way back.
export default function ({ data }) {
  const here = location.pathname.replace(/\/$/, "").split("/").at(-1)
  if (here === data.page && location.search !== data.search) {
    history.replaceState(history.state, "", location.pathname + data.search + location.hash)
  }
}
