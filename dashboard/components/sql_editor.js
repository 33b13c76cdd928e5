// A text area over a painted copy of its text. The browser provides caret, undo, selection and input methods.

const KEYWORDS = new Set(
  ("select from where group by order having limit offset as and or not in is null like between case when then else end " +
    "join left right full inner outer cross on using union all intersect except distinct with recursive over partition " +
    "rows range preceding following unbounded current row asc desc nulls first last exists cast try_cast interval true " +
    "false date timestamp values unnest lateral grouping sets rollup cube filter escape").split(" "),
)
const FUNCTIONS =
  ("count sum avg min max approx_distinct approx_percentile coalesce nullif if lower upper trim length substr replace " +
    "concat split_part regexp_like regexp_extract date_trunc date_diff date_add date_parse date_format format_datetime " +
    "from_iso8601_timestamp to_unixtime current_date current_timestamp year month day hour round floor ceil abs greatest " +
    "least json_extract json_extract_scalar array_agg cardinality contains row_number rank dense_rank lag lead max_by " +
    "min_by count_if arbitrary").split(" ")
const TOKEN =
  /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^']|'')*(?:'|$))|("(?:[^"]|"")*(?:"|$))|(\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|([A-Za-z_][A-Za-z0-9_]*)|(\{\{[^{}]*\}\})/gi
const PAUSE = 400
const WORD = /[A-Za-z_][A-Za-z0-9_]*$/

const state = new WeakMap()

function span(kind, text) {
  const element = document.createElement("span")
  if (kind) element.className = kind
  element.textContent = text
  return element
}

function kindOf(match, after) {
  const [, comment, text, , number, word, parameter] = match
  if (comment) return "comment"
  if (text) return "text"
  if (number) return "number"
  if (parameter) return "parameter"
  if (!word) return ""
  if (KEYWORDS.has(word.toLowerCase())) return "keyword"
  return /^\s*\(/.test(after) ? "function" : ""
}

function paint(editor, text, fault) {
  const parts = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) parts.push(span("", text.slice(end, match.index)))
    end = match.index + match[0].length
    parts.push(span(kindOf(match, text.slice(end, end + 20)), match[0]))
  }
  parts.push(span("", text.slice(end) + "\n"))
  if (fault !== null) underline(parts, fault)
  editor.paint.replaceChildren(...parts)
  const lines = text.split("\n").length
  editor.gutter.textContent = Array.from({ length: lines }, (_, line) => line + 1).join("\n")
}

function underline(parts, fault) {
  let start = 0
  for (const part of parts) {
    const stop = start + part.textContent.length
    if (fault >= start && fault < stop) {
      // The text between two words is one part; the fault starts inside it.
      const before = span(part.className, part.textContent.slice(0, fault - start))
      part.textContent = part.textContent.slice(fault - start)
      part.classList.add("fault")
      parts.splice(parts.indexOf(part), 0, before)
      return
    }
    start = stop
  }
}

function offset(text, place) {
  if (!place) return null
  const lines = text.split("\n").slice(0, place.line - 1)
  return lines.reduce((sum, line) => sum + line.length + 1, 0) + place.column - 1
}

function insert(area, text, replaced = 0) {
  area.setSelectionRange(area.selectionStart - replaced, area.selectionEnd)
  // Deprecated, and still the only insertion that the browser's undo knows of.
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end")
}

function completions(words, before) {
  const typed = (WORD.exec(before) ?? [""])[0].toLowerCase()
  if (typed.length < 2) return [typed, []]
  const fits = words.filter(({ name }) => name.toLowerCase().startsWith(typed) && name.toLowerCase() !== typed)
  return [typed, fits.slice(0, 8)]
}

function closeChoices(editor) {
  editor.choices.hidden = true
  editor.choices.replaceChildren()
}

function openChoices(editor) {
  const { area, choices } = editor
  const before = area.value.slice(0, area.selectionStart)
  const [typed, found] = completions(editor.words, before)
  if (!found.length) return closeChoices(editor)
  editor.typed = typed
  choices.replaceChildren(
    ...found.map(({ name, note }, place) => {
      const item = document.createElement("li")
      item.setAttribute("role", "option")
      item.setAttribute("aria-selected", String(place === 0))
      item.dataset.name = name
      const small = document.createElement("small")
      small.textContent = note
      item.append(name, small)
      return item
    }),
  )
  const lines = before.split("\n")
  const style = getComputedStyle(area)
  const height = parseFloat(style.lineHeight)
  const probe = span("", lines.at(-1).slice(0, -typed.length))
  editor.paint.append(probe)
  const left = probe.getBoundingClientRect().width
  probe.remove()
  choices.style.top = `${14 + lines.length * height - area.scrollTop}px`
  choices.hidden = false
  choices.style.left = `${Math.max(0, Math.min(4 + left - area.scrollLeft, area.clientWidth - choices.offsetWidth))}px`
}

function choose(editor, name) {
  insert(editor.area, name, editor.typed.length)
  closeChoices(editor)
}

function onChoiceKey(editor, event) {
  const items = [...editor.choices.children]
  const here = items.findIndex(item => item.getAttribute("aria-selected") === "true")
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step) {
    items[here].setAttribute("aria-selected", "false")
    const next = items[(here + step + items.length) % items.length]
    next.setAttribute("aria-selected", "true")
    next.scrollIntoView({ block: "nearest" })
  } else if (event.key === "Enter" || event.key === "Tab") choose(editor, items[here].dataset.name)
  else if (event.key === "Escape") closeChoices(editor)
  else return false
  event.preventDefault()
  return true
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const find = selector => parentElement.querySelector(selector)
  let editor = state.get(parentElement)
  if (!editor) {
    editor = { area: find("textarea"), paint: find(".paint"), gutter: find(".gutter"), choices: find(".choices") }
    state.set(parentElement, editor)
  }
  // A rerun keeps the typed text; only another revision is a text from the page.
  if (editor.revision !== data.revision) {
    clearTimeout(editor.timer)
    editor.timer = null
    closeChoices(editor)
    editor.area.value = data.value
    editor.revision = data.revision
  }
  const { area } = editor
  editor.words = [
    ...data.words,
    ...FUNCTIONS.map(name => ({ name, note: "function" })),
    ...[...KEYWORDS].map(name => ({ name: name.toUpperCase(), note: "" })),
  ]
  editor.fault = area.value === data.faulty ? offset(area.value, data.fault) : null

  const redraw = () => paint(editor, area.value, editor.fault)
  const send = () => {
    clearTimeout(editor.timer)
    editor.timer = null
    setStateValue("value", { text: area.value, revision: editor.revision })
  }
  area.oninput = () => {
    editor.fault = null
    redraw()
    openChoices(editor)
    clearTimeout(editor.timer)
    editor.timer = setTimeout(send, PAUSE)
  }
  area.onscroll = () => {
    editor.paint.scrollTop = area.scrollTop
    editor.paint.scrollLeft = area.scrollLeft
    editor.gutter.scrollTop = area.scrollTop
  }
  area.onblur = () => {
    // A button of the page acts on the text as it is now.
    if (editor.timer) send()
    setTimeout(() => closeChoices(editor), 150)
  }
  area.onkeydown = event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      closeChoices(editor)
      clearTimeout(editor.timer)
      editor.timer = null
      setTriggerValue("run", { text: area.value, revision: editor.revision })
    } else if (!editor.choices.hidden && onChoiceKey(editor, event)) {
      return
    } else if (event.key === "Tab" && !event.shiftKey && !editor.released) {
      event.preventDefault()
      insert(area, "  ")
    }
    // After Escape, Tab moves the focus out of the editor: no keyboard trap.
    editor.released = event.key === "Escape" || (event.key === "Shift" && editor.released)
  }
  editor.choices.onpointerdown = event => {
    event.preventDefault()
    const item = event.target.closest("li")
    if (item) choose(editor, item.dataset.name)
  }
  redraw()
  area.readOnly = false // what was typed before would have been replaced
}
