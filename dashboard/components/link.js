// The address follows the question in place: an entry in the history per pause in typing would bury the way back.
export default function ({ data }) {
  const here = location.pathname.replace(/\/$/, "").split("/").at(-1)
  // The theme stands last in every address, and is not part of the question.
  const asked = location.search.replace(/[?&]theme=\w+$/, "")
  if (here === data.page && asked !== data.search) {
    history.replaceState(history.state, "", location.pathname + data.search + location.hash)
  }
}
