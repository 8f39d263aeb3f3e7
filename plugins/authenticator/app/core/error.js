/** Something that cannot be done, by a name that whoever shows it has words for. */
export class CoreError extends Error {
  /**
   * @param {string} code
   * @param {Record<string, any>} [detail]
   * @param {unknown} [cause]
   */
  constructor(code, detail = {}, cause = undefined) {
    super(code, cause === undefined ? undefined : { cause });
    this.name = "CoreError";
    this.code = code;
    this.detail = detail;
  }
}
