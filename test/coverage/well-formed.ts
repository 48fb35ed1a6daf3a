/** Reads an XML document strictly enough to trust it: one root, tags that close, quoted attributes each once, no bare < or &. */

export interface Element {
  name: string
  attributes: Record<string, string>
  /** Own text, without that of the children. */
  text: string
  children: Element[]
}

const DECLARATION = /^<\?xml [^<>]*\?>\s*/
const TOKEN = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[A-Za-z][\w:-]*="[^"<]*")*)\s*(\/?)>|([^<]+)/y
const ATTRIBUTE = /\s+([A-Za-z][\w:-]*)="([^"<]*)"/g
const ENTITY = /&(?:amp|lt|gt|quot|apos|#\d+);/g
const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }

/** The root element. Throws an Error that says where the document is not well-formed. */
export function readXml(document: string): Element {
  const body = document.replace(DECLARATION, '').trim()
  const outside: Element = { name: '', attributes: {}, text: '', children: [] }
  const open = [outside]
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < body.length) {
    const at = TOKEN.lastIndex
    const token = TOKEN.exec(body)
    if (!token) throw new Error(`not well-formed at ${JSON.stringify(body.slice(at, at + 80))}`)
    const [, closes, name = '', attributes = '', isEmpty, text] = token
    const parent = open.at(-1)!
    if (text !== undefined) parent.text += decoded(text)
    else if (closes) {
      if (parent.name !== name) throw new Error(`expected </${parent.name}>, got </${name}>`)
      open.pop()
    } else {
      const element = { name, attributes: attributesOf(attributes), text: '', children: [] }
      parent.children.push(element)
      if (!isEmpty) open.push(element)
    }
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is not closed`)
  if (outside.children.length !== 1 || outside.text.trim() !== '') throw new Error('expected one root element')
  return outside.children[0]!
}

/** All elements of a name, in the order of the document. */
export const elementsOf = (root: Element, name: string): Element[] => [
  ...(root.name === name ? [root] : []),
  ...root.children.flatMap((child) => elementsOf(child, name)),
]

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [, name = '', value = ''] of text.matchAll(ATTRIBUTE)) {
    if (name in found) throw new Error(`the attribute ${name} stands twice in ${text}`)
    found[name] = decoded(value)
  }
  return found
}

function decoded(text: string): string {
  if (text.replace(ENTITY, '').includes('&'))
    throw new Error(`expected an entity, got a bare & in ${JSON.stringify(text.slice(0, 80))}`)
  return text.replace(ENTITY, (entity) => ENTITIES[entity] ?? entity)
}
