// The grid draws missing values too faintly to read. Only the faint colour distinguishes them from the text "NULL".
// This draws them in the muted colour of the theme, in italics.
{
  const draw = CanvasRenderingContext2D.prototype.fillText
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    if (text !== "NULL" || !this.fillStyle.startsWith?.("rgba")) return draw.call(this, text, ...place)
    this.save()
    this.font = `italic ${this.font}`
    this.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--dash-muted")
    draw.call(this, text, ...place)
    this.restore()
  }
}
