// A browser lets a page write the clipboard shortly after a click. Where it does not, a button asks for one more.
const seen = new WeakMap()

export default function ({ data, parentElement }) {
  const [line, button] = parentElement.querySelectorAll(".copied span, .copied button")
  if (!data.key && !seen.has(parentElement)) line.textContent = data.hint
  if (!data.key || seen.get(parentElement) === data.key) return
  seen.set(parentElement, data.key)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(data.text)
      line.textContent = `Copied ${data.shown}`
      button.hidden = true
    } catch {
      line.textContent = data.shown
      button.hidden = false
    }
  }
  button.onclick = copy
  copy()
}
