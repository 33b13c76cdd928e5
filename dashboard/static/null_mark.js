// The grid draws what is missing too faintly to be read. Its colour is how it is told from a text of the same letters,
// which is drawn in full; here it becomes the theme's muted one, and italic.
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
