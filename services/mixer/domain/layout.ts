export type Size = { readonly width: number; readonly height: number }

/** How two streams become one picture: the sizes in which they are needed, and the filter that puts them together. */
export type Layout = {
  readonly main: Size
  readonly other: Size
  /** As ffmpeg's filter graph: input 0 is the main stream, input 1 the other, the output is named `mixed`. */
  readonly filter: string
}

/** Colour is stored for squares of two by two pixels, so no edge may cut through one. */
const even = (pixels: number): number => Math.floor(pixels / 2) * 2

/** The small picture of picture_in_picture has this share of the large one's width and height, and that distance from its edges. */
const smallShare = 1 / 4
const marginShare = 1 / 24

/**
 * The layout of a mix template of domain.md: `side_by_side` has the main stream on the left, `picture_in_picture` the other one
 * at the bottom right of the main one. Undefined for any other template. Sides of an odd length lose a pixel.
 */
export const layoutOf = (template: string, size: Size): Layout | undefined => {
  const width = even(size.width)
  const height = even(size.height)
  switch (template) {
    case 'side_by_side': {
      const left = even(width / 2)
      return {
        main: { width: left, height },
        other: { width: width - left, height },
        filter: '[0:v][1:v]hstack=inputs=2[mixed]',
      }
    }
    case 'picture_in_picture': {
      const other = { width: even(width * smallShare), height: even(height * smallShare) }
      const margin = even(height * marginShare)
      const at = `x=${width - other.width - margin}:y=${height - other.height - margin}`
      return { main: { width, height }, other, filter: `[0:v][1:v]overlay=${at}:format=yuv420[mixed]` }
    }
    default:
      return undefined
  }
}
